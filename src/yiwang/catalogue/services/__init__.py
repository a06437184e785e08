"""Acts of the catalogue, by subject; import them from here."""

from yiwang.catalogue.services.drafting import (
    DraftRefusedError,
    approve_draft,
    begin_draft,
    begin_item,
    discard_draft,
    return_draft,
    save_draft,
    submit_draft,
)
from yiwang.catalogue.services.laws import Article, LawsLoaded, load_laws
from yiwang.catalogue.services.listing import (
    Listing,
    list_items,
    put_catalog_items,
)
from yiwang.catalogue.services.norms import (
    NormRefusedError,
    correct_norm,
    enter_norm,
    extend_norm,
    import_norms,
    norms_from_pack,
    repeal_norm,
)
from yiwang.catalogue.services.publishing import (
    PublicationRefusedError,
    WithdrawalRefusedError,
    cancel_item,
    publish_from_pack,
    publish_item,
    resume_item,
    suspend_item,
)
from yiwang.catalogue.services.search_index import (
    ArticleQuestion,
    IndexBuilt,
    build_search_index,
    refresh_search_index,
    train_article_search,
)

__all__ = [
    "Article",
    "ArticleQuestion",
    "DraftRefusedError",
    "IndexBuilt",
    "LawsLoaded",
    "Listing",
    "NormRefusedError",
    "PublicationRefusedError",
    "WithdrawalRefusedError",
    "approve_draft",
    "begin_draft",
    "begin_item",
    "build_search_index",
    "cancel_item",
    "correct_norm",
    "discard_draft",
    "enter_norm",
    "extend_norm",
    "import_norms",
    "list_items",
    "load_laws",
    "norms_from_pack",
    "publish_from_pack",
    "publish_item",
    "put_catalog_items",
    "refresh_search_index",
    "repeal_norm",
    "resume_item",
    "return_draft",
    "save_draft",
    "submit_draft",
    "suspend_item",
    "train_article_search",
]
