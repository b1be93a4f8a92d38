"""iCalendar (RFC 5545) and JSCalendar (RFC 8984), each written as the other."""
