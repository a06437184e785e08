"""Archives (归档): one package per case with everything in it, its retention, and its end.

A package is made after the case is finished and its evaluation is over, and again after something
was added. It can be opened and checked without this program. What the law wants kept is kept, and
handed to the district's archives when it is due; what is destroyed is destroyed by two, and the
fact stays.
"""
