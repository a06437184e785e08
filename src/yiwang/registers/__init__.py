"""Persons, legal entities and places, with provenance and history (人口、法人、地理信息库)."""
