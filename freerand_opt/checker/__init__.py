"""The kernel: from a certificate to a statement about its question, with nothing but the standard library."""
