"""Lower ends: explicit attacks where no exact program yields one."""
