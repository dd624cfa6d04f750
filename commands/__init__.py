"""What people may ask: `ls` reads like the bot's own help."""
