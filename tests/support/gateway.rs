//! The built gateway as a process: its own folder, free ports, keys through its command line.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_inferlayer");

/// A gateway and its folder.
pub struct Gateway {
    pub address: SocketAddr,
    /// Of the metrics, where a configuration has them.
    pub metrics: Option<SocketAddr>,
    pub folder: TempDir,
    child: Child,
    log: Arc<Mutex<String>>,
    said: Arc<Mutex<String>>,
}

/// A configuration to be: providers in order of preference, all for the model `m`.
pub struct Setup {
    pub providers: Vec<String>,
    pub budget_usd: &'static str,
    pub provider_settings: &'static str,
    /// What each provider speaks; `openai` for those beyond the list.
    pub kinds: &'static [&'static str],
    /// Filters between `authenticate` and `route`, as YAML.
    pub before_route: &'static str,
    /// Settings of `route` beside its models, as YAML.
    pub in_route: &'static str,
    /// Tenants beside `a`, as YAML.
    pub more_tenants: &'static str,
    /// Where metrics listen, as YAML.
    pub metrics: &'static str,
    pub extra: &'static str,
}

impl Setup {
    pub fn of(base_urls: &[String]) -> Setup {
        Setup {
            providers: base_urls.to_vec(),
            budget_usd: "1000",
            provider_settings: "connect_timeout_seconds: 2, first_byte_timeout_seconds: 2, \
                                idle_timeout_seconds: 3, breaker: { failures: 1000 }, \
                                cooldown: { max_seconds: 0 }",
            kinds: &[],
            before_route: "",
            in_route: "",
            more_tenants: "",
            metrics: "null",
            extra: "",
        }
    }

    /// 100 nano-dollars for each token, at most 10 of output: a call of 980 bytes that asks for
    /// 10 tokens or fewer holds what its bytes and cap say.
    fn write(&self, folder: &Path) {
        let mut yaml = format!(
            "listen: {{ http: '127.0.0.1:0', metrics: {}, grace_seconds: 20 }}\n",
            self.metrics
        );
        yaml += &format!("{}\n", self.extra);
        yaml += "data_dir: data\nprices: { file: prices.yaml }\n";
        yaml += &format!("tenants:\n  - {{ name: a, budget_usd: {} }}\n", self.budget_usd);
        yaml += self.more_tenants;
        yaml += "providers:\n";
        let mut prices = String::from("prices:\n");
        let mut candidates = String::new();
        for (index, url) in self.providers.iter().enumerate() {
            let settings = self.provider_settings;
            let kind = self.kinds.get(index).unwrap_or(&"openai");
            yaml += &format!(
                "  - {{ name: p{index}, kind: {kind}, base_url: '{url}', \
                 key: {{ file: provider.key }}, {settings} }}\n"
            );
            prices += &format!(
                "  - {{ provider: p{index}, model: upstream-m, per_million_tokens: {{ \
                 input_usd: 0.1, cached_input_usd: 0.01, cache_write_usd: 0.05, \
                 output_usd: 0.1, max_output_tokens: 1000, \
                 context_tokens: 100000000 }} }}\n"
            );
            candidates += &format!("{{ provider: p{index}, model: upstream-m }}, ");
        }
        yaml += "filters:\n  - authenticate: {}\n";
        yaml += self.before_route;
        yaml += "  - route:\n      models:\n";
        yaml += &format!(
            "        - {{ name: m, aliases: [alias-of-m], candidates: [{candidates}] }}\n"
        );
        yaml += self.in_route;
        yaml += "  - meter: {}\n  - audit: {}\n";
        std::fs::write(folder.join("gateway.yaml"), yaml).unwrap();
        std::fs::write(folder.join("prices.yaml"), prices).unwrap();
        std::fs::write(folder.join("provider.key"), "sk-canary-provider-key\n").unwrap();
    }

    pub fn start(&self) -> Gateway {
        self.start_with("")
    }

    /// Starts with a certificate authority in `ca.pem`.
    pub fn start_with(&self, ca_pem: &str) -> Gateway {
        let folder = self.folder();
        std::fs::write(folder.path().join("ca.pem"), ca_pem).unwrap();
        Gateway::start_in(folder)
    }

    /// A folder to start in.
    pub fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        folder
    }

    /// Starts with all of this level in the log.
    pub fn start_logging(&self, level: &str) -> Gateway {
        Gateway::start_logging_in(self.folder(), level)
    }
}

impl Gateway {
    pub fn start(base_urls: &[String]) -> Gateway {
        Setup::of(base_urls).start()
    }

    /// Starts on a folder that has a configuration, and waits until it listens.
    pub fn start_in(folder: TempDir) -> Gateway {
        Gateway::start_command(folder, &mut Command::new(BINARY))
    }

    /// Starts on a folder in spite of what a start would refuse.
    pub fn start_insisting(folder: TempDir, argument: &str) -> Gateway {
        let script = format!("exec \"$0\" \"$@\" {argument}");
        Gateway::start_command(folder, Command::new("sh").args(["-c", &script, BINARY]))
    }

    /// Starts with at most so many descriptors.
    pub fn start_with_descriptors(folder: TempDir, soft: u32, hard: u32) -> Gateway {
        let limits = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
        Gateway::start_command(folder, Command::new("sh").args(["-c", &limits, BINARY]))
    }

    fn start_logging_in(folder: TempDir, level: &str) -> Gateway {
        Gateway::start_command(folder, Command::new(BINARY).env("INFERLAYER_LOG", level))
    }

    /// Starts with so many file descriptors and no more.
    pub fn start_short_of_descriptors(folder: TempDir, descriptors: usize) -> Gateway {
        let limited = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        Gateway::start_command(folder, Command::new("sh").args(["-c", &limited, BINARY]))
    }

    fn start_command(folder: TempDir, command: &mut Command) -> Gateway {
        let mut child = command
            .args(["serve", "--config"])
            .arg(folder.path().join("gateway.yaml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = keep_reading(child.stderr.take().unwrap());
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let Some((_, address)) = line.trim().split_once("http://") else {
            let _ = child.wait();
            std::thread::sleep(Duration::from_millis(100));
            let said = log.lock().unwrap().clone();
            panic!("the gateway did not start: {said}");
        };
        let address = address.parse().unwrap();
        line.clear();
        stdout.read_line(&mut line).unwrap();
        let metrics = line.strip_prefix("metrics on http://");
        let metrics = metrics.and_then(|rest| rest.split('/').next()).map(|a| a.parse().unwrap());
        Gateway { address, metrics, folder, child, log, said: keep_reading(stdout) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn chat_url(&self) -> String {
        self.url("/v1/chat/completions")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// All that was logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// What stood on standard output so far, behind its first line.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A new key of the tenant `a`, made beside the running gateway.
    pub fn key(&self) -> String {
        self.key_of("a")
    }

    /// A new key of a tenant.
    pub fn key_of(&self, tenant: &str) -> String {
        let made = self.command(&["keys", "create", "--tenant", tenant]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// Another invocation of the binary on the same configuration.
    pub fn command(&self, arguments: &[&str]) -> Output {
        command_in(self.folder.path(), arguments)
    }

    /// Asks it to stop and waits; gives the folder back.
    pub fn stop(self) -> (TempDir, ExitStatus) {
        signal(self.child.id(), "TERM");
        self.ended()
    }

    /// Waits until it has ended; gives the folder back.
    pub fn ended(mut self) -> (TempDir, ExitStatus) {
        let status = wait(&mut self.child);
        (std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap()), status)
    }

    /// kill -9; gives the folder back.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads to the end, on a thread of its own.
fn keep_reading(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let kept = Arc::<Mutex<String>>::default();
    let text = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            text.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    kept
}

pub fn command_in(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("gateway.yaml");
    Command::new(BINARY).args(arguments).arg("--config").arg(config).output().unwrap()
}

pub fn signal(pid: u32, name: &str) {
    let pid = pid.to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "the gateway does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
}
