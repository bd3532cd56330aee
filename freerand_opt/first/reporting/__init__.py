"""What people see: tables and words, from results that are already certified."""
