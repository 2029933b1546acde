"""People for the local user pool: auctioneers and bidders, with a token each."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass

AUCTIONEERS = ("anna", "arthur")
BIDDERS = tuple(f"bidder-{number:02}" for number in range(1, 13))


@dataclass(frozen=True)
class User:
    """Somebody who may call the API."""

    name: str
    group: str
    sub: str  # who the API takes them for
    token: str  # an access token, for an hour


def make_users(client: Callable, outputs: dict[str, str]) -> list[User]:
    """Two auctioneers and twelve bidders. The passwords are random and forgotten at once: nobody signs in again."""
    pool = client("cognito-idp")
    groups = [(name, "auctioneers") for name in AUCTIONEERS] + [(name, "bidders") for name in BIDDERS]
    return [_make_user(pool, outputs["UserPoolId"], outputs["UserPoolClientId"], *one) for one in groups]


def _make_user(pool, pool_id: str, client_id: str, name: str, group: str) -> User:
    whose = {"UserPoolId": pool_id, "Username": name}
    # As the pool wants them: upper and lower case, digits, and long.
    temporary, password = (f"Aa1{secrets.token_urlsafe(24)}" for _ in range(2))
    made = pool.admin_create_user(**whose, TemporaryPassword=temporary, MessageAction="SUPPRESS")
    pool.admin_set_user_password(**whose, Password=password, Permanent=True)
    pool.admin_add_user_to_group(**whose, GroupName=group)
    signed_in = pool.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    attributes = {one["Name"]: one["Value"] for one in made["User"]["Attributes"]}
    return User(name, group, attributes["sub"], signed_in["AuthenticationResult"]["AccessToken"])


def users_as_json(users: list[User]) -> str:
    """For the environment of a test."""
    return json.dumps([asdict(user) for user in users])


def users_from_json(text: str) -> list[User]:
    """What `users_as_json` wrote."""
    return [User(**user) for user in json.loads(text)]
