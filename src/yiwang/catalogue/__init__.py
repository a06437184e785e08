"""Service items (政务服务事项) and the law they stand on.

An item is published as versions that never change. Guide, form, checklist and clocks are views
of one version. Content comes from packs (`packs/<name>/catalogue/*.yaml`); article texts come
from a corpus that is loaded separately. Cases and licences are not here: they pin a version.
"""
