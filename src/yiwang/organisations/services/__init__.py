"""Acts on accounts, posts, authorisations and sign-in. Keep this face small.

The three administrators are apart (三员分离): the system administrator makes accounts but gives no
post; the security administrator gives posts but makes no account and gives himself nothing; the
audit administrator only reads the trail.
"""

from yiwang.organisations.services.accounts import (
    AccountRefusedError,
    PasswordRefusedError,
    change_password,
    close_account,
    create_applicant_account,
    create_staff,
    reopen_account,
    reset_password,
)
from yiwang.organisations.services.calls import KeyReusedError, once
from yiwang.organisations.services.identities import (
    IdentityRefusedError,
    authenticate_identity,
    link_identity,
)
from yiwang.organisations.services.own_tokens import (
    MadeToken,
    OwnTokenRefusedError,
    UsedToken,
    make_own_token,
    own_token_days,
    revoke_own_token,
    use_own_token,
)
from yiwang.organisations.services.posts import (
    AuthorisationRefusedError,
    ConcentrationRefusedError,
    DelegationRefusedError,
    PostRefusedError,
    authorise,
    concentrate_power,
    delegate,
    grant_post,
    revoke_authorisation,
    revoke_post,
)
from yiwang.organisations.services.second_step import (
    Binding,
    SecondStepRefusedError,
    bind_phone,
    binding_of,
    check_code,
    demo_code,
    has_phone,
    offer_binding,
    unbind_phone,
)
from yiwang.organisations.services.signin import SignIn, SignInState, authenticate_password
from yiwang.organisations.services.tokens import TokenRefusedError, issue_token, revoke_token
from yiwang.organisations.services.units import save_concentration, save_department

__all__ = [
    "AccountRefusedError",
    "AuthorisationRefusedError",
    "Binding",
    "ConcentrationRefusedError",
    "DelegationRefusedError",
    "IdentityRefusedError",
    "KeyReusedError",
    "MadeToken",
    "OwnTokenRefusedError",
    "PasswordRefusedError",
    "PostRefusedError",
    "SecondStepRefusedError",
    "SignIn",
    "SignInState",
    "TokenRefusedError",
    "UsedToken",
    "authenticate_identity",
    "authenticate_password",
    "authorise",
    "bind_phone",
    "binding_of",
    "change_password",
    "check_code",
    "close_account",
    "concentrate_power",
    "create_applicant_account",
    "create_staff",
    "delegate",
    "demo_code",
    "grant_post",
    "has_phone",
    "issue_token",
    "link_identity",
    "make_own_token",
    "offer_binding",
    "once",
    "own_token_days",
    "reopen_account",
    "reset_password",
    "revoke_authorisation",
    "revoke_own_token",
    "revoke_post",
    "revoke_token",
    "save_concentration",
    "save_department",
    "unbind_phone",
    "use_own_token",
]
