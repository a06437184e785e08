"""Service items (政务服务事项): one published version makes guide, form, checklist and clocks."""
