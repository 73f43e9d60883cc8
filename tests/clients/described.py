"""Cuts OpenAI's published description down to what the gateway serves, and makes it ask for models
that there are. The whole of it takes minutes to load, and would ask for models by random names.

    python described.py openai.yaml described.json gpt-scripted none
"""

import json
import sys
from pathlib import Path

import yaml

SERVED = {
    "/chat/completions": "post",
    "/completions": "post",
    "/embeddings": "post",
    "/models": "get",
    "/models/{model}": "get",
    "/moderations": "post",
    "/responses": "post",
    "/responses/input_tokens": "post",
}
REFERENCE = "#/components/"
# Said of no operation, but of the API as a whole: every error has this shape.
ERROR = {
    "description": "An error",
    "content": {"application/json": {"schema": {"$ref": f"{REFERENCE}schemas/ErrorResponse"}}},
}


def main(source: str, target: str, *models: str):
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    told = yaml.load(Path(source).read_text(), loader)
    schemas = told["components"]["schemas"]
    one_of_ours = {"type": "string", "enum": list(models)}
    for name, schema in schemas.items():
        if name.startswith("ModelIds"):
            schemas[name] = one_of_ours
        elif name.startswith(("Create", "TokenCounts")):
            name_models(schema, one_of_ours)
    complete(told["paths"], schemas)
    paths = {path: served(told["paths"][path], method) for path, method in SERVED.items()}
    paths["/models/{model}"]["get"]["parameters"][0]["schema"] = one_of_ours
    described = {
        "openapi": told["openapi"],
        "info": told["info"],
        "paths": paths,
        "components": reachable(paths, told["components"]),
    }
    Path(target).write_text(json.dumps(described))


def complete(paths: dict, schemas: dict):
    """Says what is left out: completions are streamed, too, and vectors are packed when asked."""
    content = paths["/completions"]["post"]["responses"]["200"]["content"]
    content["text/event-stream"] = {"schema": {}}
    vector = schemas["Embedding"]["properties"]["embedding"]
    schemas["Embedding"]["properties"]["embedding"] = {"anyOf": [vector, {"type": "string"}]}


def served(path: dict, method: str) -> dict:
    operation = path[method]
    operation["responses"]["default"] = ERROR
    return {method: operation}


def name_models(schema, model: dict):
    """Puts a schema in the place of every property `model`."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict) and "model" in properties:
            properties["model"] = model
        for part in schema.values():
            name_models(part, model)
    elif isinstance(schema, list):
        for part in schema:
            name_models(part, model)


def reachable(paths: dict, components: dict) -> dict:
    """The components that some path needs."""
    needed, waiting = {}, list(references(paths))
    while waiting:
        section, _, name = waiting.pop().partition("/")
        if name not in needed.setdefault(section, {}):
            needed[section][name] = components[section][name]
            waiting += references(components[section][name])
    return needed


def references(told):
    if isinstance(told, dict):
        reference = told.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(REFERENCE)
        for part in told.values():
            yield from references(part)
    elif isinstance(told, list):
        for part in told:
            yield from references(part)


if __name__ == "__main__":
    main(*sys.argv[1:])
