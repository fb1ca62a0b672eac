//! Reads every user's sort keys and search text into memory at start.
use crate::directory::{Directory, Sums};
use crate::error::{damaged, sql};
use crate::rollups::decode;
use cognobserve_model::profile::Profile;
use cognobserve_ports::StoreError;
use rusqlite::Connection;

pub(crate) fn load_directory(conn: &Connection) -> Result<Directory, StoreError> {
    let mut directory = Directory::default();
    load_users(conn, &mut directory)?;
    load_totals(conn, &mut directory)?;
    let mut statement = conn
        .prepare("SELECT project_no, external_hash, user_no FROM suppressions")
        .map_err(sql)?;
    let mut rows = statement.query([]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let (project_no, hash): (i64, String) =
            (row.get(0).map_err(sql)?, row.get(1).map_err(sql)?);
        let people = directory.people_mut(project_no);
        people
            .suppressed
            .insert(hash.into(), row.get(2).map_err(sql)?);
    }
    Ok(directory)
}

fn load_users(conn: &Connection, directory: &mut Directory) -> Result<(), StoreError> {
    let mut statement = conn
        .prepare(
            "SELECT no, project_no, state, external_id, external_hash, profile, created FROM users",
        )
        .map_err(sql)?;
    let mut rows = statement.query([]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let no: i64 = row.get(0).map_err(sql)?;
        let people = directory.people_mut(row.get(1).map_err(sql)?);
        if row.get::<_, i64>(2).map_err(sql)? != 0 {
            let hash: String = row.get(4).map_err(sql)?;
            people.dead.insert(no, hash.into());
            continue;
        }
        let external_id = row.get_ref(3).map_err(sql)?;
        let external_id = external_id.as_str().map_err(|_| damaged("user"))?;
        let profile = decode_profile(
            row.get_ref(5)
                .map_err(sql)?
                .as_blob()
                .map_err(|_| damaged("user"))?,
        )?;
        people.put(no, external_id, row.get(6).map_err(sql)?, &profile);
    }
    Ok(())
}

fn load_totals(conn: &Connection, directory: &mut Directory) -> Result<(), StoreError> {
    let mut statement = conn
        .prepare("SELECT project_no, user_no, first, last, sessions, measures FROM user_totals")
        .map_err(sql)?;
    let mut rows = statement.query([]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let measures = row.get_ref(5).map_err(sql)?;
        let measures = decode(measures.as_blob().map_err(|_| damaged("totals"))?)?;
        let (no, first, last, sessions) = (row.get(1), row.get(2), row.get(3), row.get(4));
        let people = directory.people_mut(row.get(0).map_err(sql)?);
        people.set_totals(
            no.map_err(sql)?,
            first.map_err(sql)?,
            last.map_err(sql)?,
            sessions.map_err(sql)?,
            Sums::from(&measures),
        );
    }
    Ok(())
}

pub(crate) fn decode_profile(bytes: &[u8]) -> Result<Profile, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| damaged("profile"))
}

pub(crate) fn encode_profile(profile: &Profile) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(profile).map_err(|_| damaged("profile"))
}
