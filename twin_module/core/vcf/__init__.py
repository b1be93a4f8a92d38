"""vCard (RFC 6350, RFC 2426) and JSContact (RFC 9553), each written as the other, as RFC 9555 says."""
