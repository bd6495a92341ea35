import type { TestDatabase } from "./database.ts"

/**
 * A small province for the tests of SMTP and intake: two people, an office account that both may use, aliases, groups,
 * a suspended account, a full one, and a machine's account that nobody owns.
 */
export async function createProvince(database: TestDatabase): Promise<void> {
  await database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, domain) VALUES ('VP', 'Văn phòng', 'department', 'tinh.example');
      INSERT INTO principal (id, kind, name, unit_code, suspended_at) VALUES
        ('an', 'individual', 'Nguyễn Văn An', 'VP', NULL), ('binh', 'individual', 'Trần Thị Bình', 'VP', NULL), ('gone', 'individual', 'Lê Văn Cường', 'VP', now());
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, suspended_at) VALUES
        ('an@tinh.example', 'personal', 'Nguyễn Văn An', 'VP', 1000000000, NULL),
        ('binh@tinh.example', 'personal', 'Trần Thị Bình', 'VP', 1000000000, NULL),
        ('van-phong@tinh.example', 'organizational', 'Văn phòng', 'VP', 1000000000, NULL),
        ('postmaster@tinh.example', 'organizational', 'Quản trị thư', 'VP', 1000000000, NULL),
        ('closed@tinh.example', 'personal', 'Đã khóa', 'VP', 1000000000, now()),
        ('full@tinh.example', 'personal', 'Đã đầy', 'VP', 10, NULL),
        ('may@tinh.example', 'organizational', 'Máy gửi thông báo', 'VP', 1000000000, NULL);
      INSERT INTO assignment (account_id, principal_id, rights, valid_from, valid_until)
        SELECT a.id, v.p, v.rights, v.f::date, v.u::date FROM (VALUES
          ('an@tinh.example', 'an', ARRAY['owner'], NULL, NULL),
          ('binh@tinh.example', 'binh', ARRAY['owner'], NULL, NULL),
          ('van-phong@tinh.example', 'an', ARRAY['read', 'write', 'send-as'], NULL, NULL),
          ('van-phong@tinh.example', 'binh', ARRAY['read'], NULL, NULL),
          ('closed@tinh.example', 'an', ARRAY['owner'], NULL, NULL)) AS v (address, p, rights, f, u)
        JOIN account a ON a.address = v.address;
      INSERT INTO alias (address, account_id) SELECT v.alias, a.id FROM (VALUES
          ('nguyen.an@tinh.example', 'an@tinh.example'), ('hộp.thư@tinh.example', 'an@tinh.example')) AS v (alias, address) JOIN account a ON a.address = v.address;
      INSERT INTO mail_group (address, display_name, allowed_senders) VALUES
        ('tat-ca@tinh.example', 'Tất cả', NULL), ('vong-1@tinh.example', 'Vòng 1', NULL), ('vong-2@tinh.example', 'Vòng 2', NULL),
        ('lanh-dao@tinh.example', 'Lãnh đạo', ARRAY['an@tinh.example']), ('ngoai@tinh.example', 'Có người ngoài', NULL), ('trong@tinh.example', 'Rỗng', NULL);
      INSERT INTO mail_group_member (group_address, member_address) VALUES
        ('tat-ca@tinh.example', 'an@tinh.example'), ('tat-ca@tinh.example', 'binh@tinh.example'), ('tat-ca@tinh.example', 'nguyen.an@tinh.example'), ('tat-ca@tinh.example', 'closed@tinh.example'),
        ('vong-1@tinh.example', 'vong-2@tinh.example'), ('vong-2@tinh.example', 'vong-1@tinh.example'), ('vong-2@tinh.example', 'binh@tinh.example'),
        ('lanh-dao@tinh.example', 'an@tinh.example'), ('lanh-dao@tinh.example', 'binh@tinh.example'),
        ('ngoai@tinh.example', 'an@tinh.example'), ('ngoai@tinh.example', 'khach@Xa.example'), ('ngoai@tinh.example', 'lanh-dao@tinh.example');`,
  })
  await database.query({ text: "INSERT INTO mailbox (account_id, name) SELECT id, 'INBOX' FROM account" })
}
