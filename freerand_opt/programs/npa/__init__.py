"""Relaxations of quantum devices by moment matrices (Navascues, Pironio and Acin, arXiv:0803.4290)."""
