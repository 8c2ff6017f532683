"""Reads render.yaml: the one service that it has, and what that is told."""

import dataclasses
import pathlib

import yaml
from trouble import Trouble

KNOWN = {"type", "name", "runtime", "dockerfilePath", "plan", "numInstances", "healthCheckPath", "envVars"}


@dataclasses.dataclass
class Service:
    dockerfile: pathlib.Path
    health: str
    environment: dict


def read(path):
    services = yaml.safe_load(path.read_text())["services"]
    if len(services) != 1:
        raise Trouble(f"{path.name}: one service is expected, found {len(services)}")
    service = services[0]
    if unknown := set(service) - KNOWN:
        raise Trouble(f"{path.name}: {', '.join(sorted(unknown))} is not known here")
    fixed = {"type": "web", "runtime": "docker", "numInstances": 1}
    for key, value in fixed.items():
        if service.get(key) != value:
            raise Trouble(f"{path.name}: {key} must be {value}, found {service.get(key)}")
    variables = {}
    for variable in service["envVars"]:
        if set(variable) != {"key", "value"} or not isinstance(variable["value"], str):
            raise Trouble(f"{path.name}: a variable has a key and a text as its value, found {variable}")
        variables[variable["key"]] = variable["value"]
    return Service((path.parent / service["dockerfilePath"]).resolve(), service["healthCheckPath"], variables)
