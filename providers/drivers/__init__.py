"""Business drivers: customers, orders, whatever a company counts, from a CSV file, an HTTP endpoint or a database."""

from providers.drivers.book import Book, Source

__all__ = ["Book", "Source"]
