"""The sections of the deployment file: what each may hold, and what is refused."""
