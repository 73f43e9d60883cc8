"""What the tests share: the providers, one gateway with three tenants, and tapped clients."""

import signal
from dataclasses import dataclass

import anthropic
import httpx2
import openai
import pytest

import matrix
import servers
from process import Clients, Node
from scripted import server as scripted_server
from tap import tapped
from tape import Tape

TENANTS = ("rich", "poor", "other")


@dataclass
class Sdk:
    """The official clients of one tenant."""

    # The gateway's, tapped.
    url: str
    key: str
    clients: Clients

    def client(self, **options) -> openai.OpenAI:
        http = openai.DefaultHttpxClient(trust_env=False)
        return openai.OpenAI(**self.options(http_client=http, **options))

    def async_client(self) -> openai.AsyncOpenAI:
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        return openai.AsyncOpenAI(**self.options(http_client=http))

    def options(self, **options) -> dict:
        return {"base_url": f"{self.url}/v1", "api_key": self.key, **options}

    def anthropic(self, **options) -> anthropic.Anthropic:
        http = anthropic.DefaultHttpxClient(trust_env=False)
        options = {"api_key": self.key, **options}
        return anthropic.Anthropic(base_url=self.url, http_client=http, **options)

    def node_openai(self) -> Node:
        return Node(self.clients.node("openai"), f"{self.url}/v1", self.key)

    def node_anthropic(self) -> Node:
        return Node(self.clients.node("anthropic"), self.url, self.key)


@pytest.fixture(scope="session")
def model_url(tmp_path_factory):
    with servers.model_server(tmp_path_factory.mktemp("model")) as url:
        yield url


@pytest.fixture(scope="session")
def embedder_url(tmp_path_factory):
    with servers.embedder(tmp_path_factory.mktemp("embedder")) as url:
        yield url


@pytest.fixture(scope="session")
def scripted():
    with scripted_server.provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, model_url, embedder_url, scripted):
    urls = {"model_url": model_url, "embedder_url": embedder_url, "scripted_url": scripted.url}
    with servers.gateway(tmp_path_factory.mktemp("gateway"), **urls) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def tape():
    return Tape()


@pytest.fixture(scope="session")
def url(gateway, tape):
    """Where clients reach the gateway."""
    with tapped(gateway.url, tape) as url:
        yield url


@pytest.fixture(scope="session")
def clients(tmp_path_factory):
    """Those in processes of their own."""
    clients = Clients(tmp_path_factory.mktemp("clients"))
    yield clients
    clients.stop()


@pytest.fixture(scope="session")
def keys(gateway):
    return {tenant: gateway.create_key(tenant) for tenant in TENANTS}


@pytest.fixture(scope="session")
def sdk(url, keys, clients):
    """The clients of a tenant who can pay."""
    return Sdk(url, keys["rich"], clients)


@pytest.fixture(scope="session")
def client(sdk):
    with sdk.client() as client:
        yield client


@pytest.fixture(scope="session")
def claude(sdk):
    with sdk.anthropic() as claude:
        yield claude


@pytest.fixture(scope="session")
def poor_sdk(url, keys, clients):
    """The clients of a tenant who soon cannot."""
    return Sdk(url, keys["poor"], clients)


@pytest.fixture(scope="session")
def poor(poor_sdk):
    with poor_sdk.client() as client:
        yield client


@pytest.fixture(scope="session")
def other_sdk(url, keys, clients):
    """The clients of a tenant who asks what others have asked."""
    return Sdk(url, keys["other"], clients)


@pytest.fixture(scope="session")
def http(url):
    """No SDK, no key."""
    with httpx2.Client(base_url=url, trust_env=False) as http:
        yield http


@pytest.fixture(scope="session")
def direct(model_url):
    """The SDK past the gateway: what the model server says by itself."""
    http = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(base_url=f"{model_url}/v1", api_key="none", http_client=http) as direct:
        yield direct


@pytest.fixture(scope="session")
def direct_claude(model_url):
    http = anthropic.DefaultHttpxClient(trust_env=False)
    with anthropic.Anthropic(base_url=model_url, api_key="none", http_client=http) as direct:
        yield direct


def pytest_configure(config):
    config.addinivalue_line("markers", "feature(name): the table's column that a test is about")
    # So that fixtures end their servers also when the lane is told to end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_runtest_makereport(item, call):
    matrix.note(item, call)


def pytest_unconfigure(config):
    print(matrix.table())
    stats = config.pluginmanager.get_plugin("terminalreporter").stats
    passed, skipped = len(stats.get("passed", [])), len(stats.get("skipped", []))
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
