"""Ask and answer: the types that every command speaks, and the one door that all asks pass."""
