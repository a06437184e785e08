"""E-licences (电子证照): types, issue, wallet, public verification."""
