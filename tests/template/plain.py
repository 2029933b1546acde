"""The template as CloudFormation gets to see it, and the parameters that it is deployed with."""

import functools
import tomllib
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def plain_cloudformation() -> dict:
    """`template.yaml` after the SAM transform, with parameters and conditions still in place."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://any/code.zip"  # what `sam deploy` puts there
    # The translator only asks the session for its region: nothing is called. Our roles name no managed policy.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    return translator.translate(template, {})


@functools.cache
def contract_routes() -> dict[str, bool]:
    """The routes that `openapi.yaml` promises, and whether each needs a token."""
    contract = yaml_parse((ROOT / "openapi.yaml").read_text())
    methods = ("get", "put", "post", "delete", "patch")
    return {
        f"{method.upper()} {path}": operation.get("security", contract["security"]) != []
        for path, operations in contract["paths"].items()
        for method, operation in operations.items()
        if method in methods
    }


def template_defaults() -> dict:
    """The default of each parameter."""
    return {name: parameter["Default"] for name, parameter in plain_cloudformation()["Parameters"].items()}


def sam_config_parameters() -> dict[str, dict]:
    """What `samconfig.toml` overrides, for each stage."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    config.pop("version")
    return {stage: _pairs(commands["global"]["parameters"]["parameter_overrides"]) for stage, commands in config.items()}


def _pairs(overrides: str) -> dict:
    return dict(pair.split("=", 1) for pair in overrides.split())
