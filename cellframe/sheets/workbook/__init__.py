"""How does a workbook go out so that a person likes it, and come back so that nothing is lost?"""
