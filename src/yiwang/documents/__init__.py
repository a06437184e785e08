"""Files: PDF from templates, seals and signatures, safe uploads, the content-addressed store.

Knows no case and no licence; it is told what to print and by whose key to seal.
"""
