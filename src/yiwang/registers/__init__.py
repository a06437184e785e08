"""Persons, legal entities and places, with provenance and history (人口、法人、地理信息库).

In here: what the registers hold about whom and since when (`models`), what may be asked
(`queries`: masked), what may be done (`services`: save, reveal with a purpose, confirm a pilot
code, rotate keys), and the invented population of a demonstration (`population`, `cast`).

Not in here: accounts and who may act for whom (`organisations`), licences (`licences`), and what
is supervised (`supervision`).
"""
