"""The live policies of the stack's roles and keys, and how to take one permission out of them for a while."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stack import Stack


@dataclass(frozen=True, order=True)
class Permission:
    """One action of one statement; on one resource of several, where the statement names several."""

    owner: str  # the role, or the key, by its name in the template
    sid: str
    action: str
    resource: str = ""  # by its name in the template; empty where the statement has one
    role: str = ""  # whose it is: the owner, or the role that a key's policy names
    denies: bool = False  # it takes something away, whatever else allows it

    def __str__(self) -> str:
        return " ".join(filter(None, (self.owner, self.sid, self.action, self.resource)))


@dataclass(frozen=True)
class Policy:
    """A role's one inline policy, or a key's policy, as it was when it was read."""

    stack: Stack
    owner: str
    document: dict
    name: str = ""  # of a role's policy

    def permissions(self) -> list[Permission]:
        """All of them, in the order of the document. Of a key's policy, those that it gives to a role."""
        return [
            Permission(self.owner, statement["Sid"], action, resource, self._role(statement), statement["Effect"] == "Deny")
            for statement in self.document["Statement"]
            if not _is_the_accounts(statement)
            for action in _listed(statement["Action"])
            for resource in self._resources(statement)
        ]

    def statement(self, sid: str) -> dict:
        """The statement of this name."""
        return next(one for one in self.document["Statement"] if one.get("Sid") == sid)

    @contextmanager
    def without(self, permission: Permission) -> Iterator[None]:
        """While the block runs, the live policy lacks this permission, and nothing else."""
        statements = [
            part
            for statement in self.document["Statement"]
            for part in (self._left(statement, permission) if statement.get("Sid") == permission.sid else [statement])
        ]
        try:
            self.put(self.document | {"Statement": statements})
            yield
        finally:
            self.put(self.document)

    def put(self, document: dict) -> None:
        """Makes a document the live policy."""
        text, owner = json.dumps(document), self.stack.id(self.owner)
        if self.name:
            self.stack.client("iam").put_role_policy(RoleName=owner, PolicyName=self.name, PolicyDocument=text)
        else:
            lock = {"BypassPolicyLockoutSafetyCheck": True}
            self.stack.client("kms").put_key_policy(KeyId=owner, PolicyName="default", Policy=text, **lock)

    def _role(self, statement: dict) -> str:
        if self.name:
            return self.owner
        arns = {self.stack.arn(role): role for role in self.stack.of_type("AWS::IAM::Role")}
        return arns[statement["Principal"]["AWS"]]

    def _resources(self, statement: dict) -> list[str]:
        listed = _listed(statement["Resource"])
        return [""] if len(listed) == 1 else [_name_of(self.stack, arn) for arn in listed]

    def _left(self, statement: dict, permission: Permission) -> Iterator[dict]:
        """What is left of a statement: its other actions, and this one on its other resources."""
        if actions := [one for one in _listed(statement["Action"]) if one != permission.action]:
            yield statement | {"Action": actions}
        resources = [one for one in _listed(statement["Resource"]) if _name_of(self.stack, one) != permission.resource]
        if permission.resource and resources:
            yield statement | {"Sid": f"{permission.sid}Elsewhere", "Action": permission.action, "Resource": resources}


def role_policy(stack: Stack, role: str) -> Policy:
    """The inline policy of a role; the template gives each role exactly one."""
    iam, name = stack.client("iam"), stack.id(role)
    [policy] = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    return Policy(stack, role, copy.deepcopy(document), policy)


def key_policy(stack: Stack, key: str) -> Policy:
    """The policy of a key."""
    text = stack.client("kms").get_key_policy(KeyId=stack.id(key), PolicyName="default")["Policy"]
    return Policy(stack, key, json.loads(text))


def policies(stack: Stack) -> list[Policy]:
    """Of all roles and keys of the template."""
    roles = [role_policy(stack, role) for role in stack.of_type("AWS::IAM::Role")]
    return roles + [key_policy(stack, key) for key in stack.of_type("AWS::KMS::Key")]


@contextmanager
def denying(stack: Stack, role: str, action: str, resource: str) -> Iterator[None]:
    """A fault: while the block runs, the role is denied an action that it needs."""
    fault = {"RoleName": stack.id(role), "PolicyName": "a-fault"}
    statement = {"Effect": "Deny", "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stack.client("iam").put_role_policy(**fault, PolicyDocument=document)
    try:
        yield
    finally:
        stack.client("iam").delete_role_policy(**fault)


def _is_the_accounts(statement: dict) -> bool:
    principal = statement.get("Principal", {})
    return isinstance(principal, dict) and str(principal.get("AWS", "")).endswith(":root")


def _listed(one_or_more: str | list) -> list:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _name_of(stack: Stack, arn: str) -> str:
    """The name that a bucket or a queue, the only kinds of resource that stand beside another, has in the template."""
    kind = "AWS::SQS::Queue" if ":sqs:" in arn else "AWS::S3::Bucket"
    return {stack.arn(resource): resource for resource in stack.of_type(kind)}.get(arn, "")
