from dataclasses import dataclass


@dataclass
class BookItem:
    url: str
    title: str
    category: str
    price: float
    currency: str
    in_stock: bool
