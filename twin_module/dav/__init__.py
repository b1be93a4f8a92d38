"""CalDAV (RFC 4791) and CardDAV (RFC 6352): the library Radicale over the twin's own objects."""
