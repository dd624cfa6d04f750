"""Where billed rows and inventories come from; the only floor that knows a cloud or an engine."""
