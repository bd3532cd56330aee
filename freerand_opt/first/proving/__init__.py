"""From a program to a certificate that has been checked."""
