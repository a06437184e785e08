"""Decision tables (决策表): closed operators over declared facts, for what a machine may grant.

A table either grants or hands over to a person; it never refuses. Nothing here runs code, asks a
register or keeps a row: facts come in as plain values, a verdict with its reasons comes out.
"""
