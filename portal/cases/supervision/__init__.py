"""Supervision (督办): reminders, orders with number, demand and answer, and the instructions of leaders.

A case that is late is never late in silence: the overdue list says of each whose turn it is and since when.
"""
