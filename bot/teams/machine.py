"""A managed identity: our token for Teams as this machine gets it, without any secret.

The SDK's own asks for a scope where a machine's identity wants a resource, and tells nobody why it got nothing.
"""

from __future__ import annotations

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import ManagedIdentityCredential


class Machine:
    """Asks the machine (its metadata service, App Service, Arc) for a token, and keeps it while it is good."""

    def __init__(self, client_id: str, scope: str) -> None:
        self.scope = scope
        self._credential = ManagedIdentityCredential(client_id=client_id)

    def __call__(self) -> str:
        """A token. Blocks.

        Raises:
            PermissionError: the identity is not this machine's, or may not.
            ValueError: nobody answers now.
        """
        try:
            return str(self._credential.get_token(self.scope).token)
        except ClientAuthenticationError as error:
            raise PermissionError(f"is the managed identity assigned to this machine? {error.message}") from error
        except AzureError as error:
            raise ValueError(str(error)) from error

    def close(self) -> None:
        """Let go of its connections."""
        self._credential.close()
