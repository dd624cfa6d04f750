"""AWS, by its real SDK, with doubles at the network's far side."""
