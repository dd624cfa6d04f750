"""Onward: findings and anomalies sent to wherever else work is kept, as signed webhooks."""
