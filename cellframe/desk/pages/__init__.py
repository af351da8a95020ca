"""What does each page show, and what does each of its buttons do?"""
