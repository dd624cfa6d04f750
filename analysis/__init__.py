"""Values in, values out: what billed rows mean, before anybody fetches, draws or says a thing."""
