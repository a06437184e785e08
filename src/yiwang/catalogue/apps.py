"""Wiring."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read the sections about items of the packs."""
        from yiwang.catalogue import listed_packs, norms_packs, packs, scenes, towns
        from yiwang.content import registry

        registry.register(listed_packs.ENTRIES, listed_packs.BASIC_CATALOGUE)
        registry.register(listed_packs.ITEMS, listed_packs.LISTED_ITEMS)
        registry.register(packs.SECTION, packs.CATALOGUE)
        registry.register(norms_packs.SECTION, norms_packs.NORMS)
        registry.register(scenes.SECTION, scenes.SCENES)
        registry.register(towns.SECTION, towns.TOWN_ITEMS)
