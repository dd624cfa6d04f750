INSERT INTO finding ("id", "check", "title", "provider", "cloud", "account", "region", "resource_id", "resource_name", "tags", "monthly_waste", "frees_commitment", "currency", "evidence", "remedy", "fix", "state", "owner", "owner_name", "reason", "until", "first_seen", "last_seen", "changed_at", "version") VALUES
 ('aaaa0001', 'unattached-disk', 'Disk that nothing uses', 'sample', 'aws', '111122223333', 'us-east-1', 'vol-1', 'disk 1', '{"team": "search"}', '12.80', '0', 'USD', '[["Idle since", "1 Mar"]]', '{"action": "delete disk", "target": "", "source": "us-east-1a gp3"}', NULL, 'claimed', 'slack:UANA', 'Ana', '', NULL, '2026-11-20 06:00:00.000000', '2026-11-22 06:00:00.000000', '2026-11-22 09:00:00.000000', 2),
 ('aaaa0002', 'unattached-disk', 'Disk that nothing uses', 'sample', 'aws', '111122223333', 'us-east-1', 'vol-2', 'disk 2', '{}', '3.20', '0', 'USD', '[]', '{"action": "delete disk", "target": "", "source": ""}', NULL, 'open', '', '', '', NULL, '2026-11-20 06:00:00.000000', '2026-11-22 06:00:00.000000', '2026-11-20 06:00:00.000000', 1);
INSERT INTO history ("finding", "verb", "state", "by", "by_name", "reason", "at") VALUES
 ('aaaa0001', 'open', 'open', 'assessment', 'r1', 'new', '2026-11-20 06:00:00.000000'),
 ('aaaa0001', 'claim', 'claimed', 'slack:UANA', 'Ana', '', '2026-11-22 09:00:00.000000'),
 ('aaaa0002', 'open', 'open', 'assessment', 'r1', 'new', '2026-11-20 06:00:00.000000');
INSERT INTO audit ("key", "caller", "ask", "outcome", "moved", "at") VALUES
 ('slack:cmd:T1:1', 'slack:UANA', 'waste', 'answered', NULL, '2026-11-22 08:59:00.000000'),
 ('slack:act:T1:C1:1.1:ask:0:UANA:2.2', 'slack:UANA', 'claim 1', 'answered', 'aaaa0001', '2026-11-22 09:00:00.000000');
INSERT INTO inbox ("key", "place", "user", "user_name", "text", "received_at", "clicked", "loud", "attempt", "until", "done") VALUES
 ('unanswered', '{"platform": "slack", "tenant": "T1", "conversation": "C1", "thread": "", "message": "", "url": "", "user": "UANA"}', 'slack:UANA', 'Ana', 'waste', '2026-11-22 10:00:00.000000', FALSE, FALSE, 0, NULL, FALSE);
INSERT INTO outbox ("id", "place", "lane", "message", "kind", "priority", "payload", "ask", "shows", "state", "attempt", "due", "until", "first_try", "unclear", "was_unclear", "swept", "why") VALUES
 ('waiting', '{"platform": "slack", "tenant": "T1", "conversation": "C1", "thread": "", "message": "", "url": "", "user": ""}', 'slack:T1:C1', '', 'post', 3, '{"text": "the digest"}', '', '[]', 'pending', 0, '2026-11-22 10:00:00.000000', NULL, NULL, FALSE, FALSE, FALSE, ''),
 ('delivered', '{"platform": "slack", "tenant": "T1", "conversation": "C2", "thread": "", "message": "", "url": "", "user": ""}', 'slack:T1:C2', '100.1', 'post', 3, '{"text": "the digest"}', 'waste', '["aaaa0001"]', 'sent', 1, '2026-11-22 06:00:00.000000', NULL, '2026-11-22 06:00:01.000000', FALSE, FALSE, FALSE, '');
INSERT INTO run ("id", "started", "finished", "summary") VALUES ('r1', '2026-11-20 06:00:00.000000', '2026-11-20 06:05:00.000000', '{"waste": "16.00", "findings": 2}');
INSERT INTO fire ("schedule", "label", "outcome", "at") VALUES ('nightly', '2026-11-22', 'fired', '2026-11-22 06:00:02.000000');
