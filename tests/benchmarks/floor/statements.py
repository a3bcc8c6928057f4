"""The statements, by engine and query. What someone would write by hand who knows the tables and wants only this."""

POSTGRESQL = {
    "Q1": """
WITH found AS MATERIALIZED (
  SELECT id, popularity FROM listing
  WHERE state = 'LIVE' AND kind = 'PRODUCT' AND {category} = $1
    AND ((season_start_1 <= $2 AND $2 <= season_end_1) OR (season_start_2 <= $2 AND $2 <= season_end_2))
  ORDER BY popularity DESC, id DESC LIMIT 25
), page AS MATERIALIZED (
  SELECT l.id, title, title_en, price_fen, producer_id, rating_hundredths, rating_count, l.popularity, f.n
  FROM (SELECT id, row_number() OVER (ORDER BY popularity DESC, id DESC) AS n FROM found) f
  JOIN listing l ON l.id = f.id
)
SELECT json_build_object('data', json_build_object('products', json_build_object(
  'edges', coalesce((SELECT json_agg(json_build_object('node', json_build_object(
    'id', p.id, 'title', p.title, 'titleEn', coalesce(p.title_en, p.title),
    'price', json_build_object('amount', (p.price_fen / 100) || '.' || substr((100 + p.price_fen % 100)::text, 2)),
    'images', coalesce((SELECT json_agg(json_build_object('url', '/media/' || key) ORDER BY position)
                        FROM image WHERE listing_id = p.id), '[]'::json),
    'producer', json_build_object('id', o.id, 'name', o.name, 'nameEn', coalesce(o.name_en, o.name),
      'village', json_build_object('id', v.id, 'name', v.name, 'nameEn', coalesce(v.name_en, v.name))),
    'rating', json_build_object('average', p.rating_hundredths::float8 / 100, 'count', p.rating_count)
    )) ORDER BY p.n)
    FROM page p JOIN organisation o ON o.id = p.producer_id JOIN village v ON v.id = o.village_id
    WHERE p.n <= 24), '[]'::json),
  'totalCount', (SELECT count(*) FROM (SELECT 1 FROM listing
    WHERE state = 'LIVE' AND kind = 'PRODUCT' AND {category} = $1
      AND ((season_start_1 <= $2 AND $2 <= season_end_1) OR (season_start_2 <= $2 AND $2 <= season_end_2))
    LIMIT 2000) c),
  'pageInfo', json_build_object('hasNextPage', (SELECT count(*) > 24 FROM page),
    'endCursor', (SELECT 'p~' || popularity || '~' || id FROM page WHERE n <= 24 ORDER BY n DESC LIMIT 1))
)))::text
""",
    "Q2": """
SELECT json_build_object('data', json_build_object('tourPackage', json_build_object(
  'id', t.id, 'title', t.title, 'titleEn', coalesce(t.title_en, t.title),
  'description', t.description, 'descriptionEn', coalesce(t.description_en, t.description),
  'price', json_build_object('amount', (t.price_fen / 100) || '.' || substr((100 + t.price_fen % 100)::text, 2)),
  'images', coalesce((SELECT json_agg(json_build_object('url', '/media/' || key) ORDER BY position)
                      FROM image WHERE listing_id = t.id), '[]'::json),
  'producer', json_build_object('id', o.id, 'name', o.name, 'nameEn', coalesce(o.name_en, o.name)),
  'village', json_build_object('id', v.id, 'name', v.name, 'nameEn', coalesce(v.name_en, v.name),
    'county', json_build_object('name', c.name)),
  'rating', json_build_object('average', t.rating_hundredths::float8 / 100, 'count', t.rating_count),
  'sessions', json_build_object('nodes', coalesce((
    SELECT json_agg(json_build_object('id', s.id, 'startsAt', to_char(s.starts_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'capacity', s.capacity, 'vacancies', s.capacity - s.taken))
    FROM (SELECT id, starts_at, capacity, taken FROM tour_session
          WHERE package_id = t.id AND local_date >= $2 ORDER BY starts_at, id LIMIT 30) s), '[]'::json))
)))::text
FROM listing t
JOIN organisation o ON o.id = t.producer_id
JOIN village v ON v.id = t.village_id
JOIN region c ON c.code = substr(v.region_code, 1, 6) || '000000'
WHERE t.id = $1 AND t.state = 'LIVE'
""",
    "Q3": """
WITH found AS MATERIALIZED (
  (SELECT l.id, l.kind, l.title, l.price_fen, l.village_id, l.search_rank, 0 AS tier
   FROM listing_search s JOIN listing l ON l.search_rank = s.rowid
   WHERE s.title @@ $1::text::tsquery AND l.state = 'LIVE' ORDER BY s.rowid DESC LIMIT 25)
  UNION ALL
  (SELECT l.id, l.kind, l.title, l.price_fen, l.village_id, l.search_rank, 1
   FROM listing_search s JOIN listing l ON l.search_rank = s.rowid
   WHERE s.place @@ $1::text::tsquery AND NOT s.title @@ $1::text::tsquery AND l.state = 'LIVE'
   ORDER BY s.rowid DESC LIMIT 25)
  UNION ALL
  (SELECT l.id, l.kind, l.title, l.price_fen, l.village_id, l.search_rank, 2
   FROM listing_search s JOIN listing l ON l.search_rank = s.rowid
   WHERE s.body @@ $1::text::tsquery AND NOT s.place @@ $1::text::tsquery AND l.state = 'LIVE'
   ORDER BY s.rowid DESC LIMIT 25)
  LIMIT 25
), page AS (SELECT *, row_number() OVER () AS n FROM found)
SELECT json_build_object('data', json_build_object('search', json_build_object(
  'edges', coalesce((SELECT json_agg(json_build_object('node', json_build_object(
    '__typename', CASE p.kind WHEN 'PRODUCT' THEN 'Product' ELSE 'TourPackage' END,
    'id', p.id, 'title', p.title,
    'price', json_build_object('amount', (p.price_fen / 100) || '.' || substr((100 + p.price_fen % 100)::text, 2)),
    'village', json_build_object('name', v.name))) ORDER BY p.n)
    FROM page p JOIN village v ON v.id = p.village_id WHERE p.n <= 24), '[]'::json),
  'pageInfo', json_build_object('hasNextPage', (SELECT count(*) > 24 FROM page),
    'endCursor', (SELECT 'r~' || tier || '~' || search_rank FROM page WHERE n <= 24 ORDER BY n DESC LIMIT 1))
)))::text
""",
}

SQLITE = {
    "Q1": """
WITH found AS MATERIALIZED (
  SELECT id, popularity FROM listing
  WHERE state = 'LIVE' AND kind = 'PRODUCT' AND {category} = ?1
    AND ((season_start_1 <= ?2 AND ?2 <= season_end_1) OR (season_start_2 <= ?2 AND ?2 <= season_end_2))
  ORDER BY popularity DESC, id DESC LIMIT 25
), page AS MATERIALIZED (
  SELECT l.id, title, title_en, price_fen, producer_id, rating_hundredths, rating_count, l.popularity, f.n
  FROM (SELECT id, row_number() OVER (ORDER BY popularity DESC, id DESC) AS n FROM found) f
  JOIN listing l ON l.id = f.id
)
SELECT json_object('data', json_object('products', json_object(
  'edges', json((SELECT json_group_array(json(j)) FROM (SELECT json_object('node', json_object(
    'id', p.id, 'title', p.title, 'titleEn', coalesce(p.title_en, p.title),
    'price', json_object('amount', (p.price_fen / 100) || '.' || substr(100 + p.price_fen % 100, 2)),
    'images', json((SELECT json_group_array(json_object('url', '/media/' || key))
                    FROM (SELECT key FROM image WHERE listing_id = p.id ORDER BY position))),
    'producer', json_object('id', o.id, 'name', o.name, 'nameEn', coalesce(o.name_en, o.name),
      'village', json_object('id', v.id, 'name', v.name, 'nameEn', coalesce(v.name_en, v.name))),
    'rating', json_object('average', p.rating_hundredths / 100.0, 'count', p.rating_count))) AS j
    FROM page p JOIN organisation o ON o.id = p.producer_id JOIN village v ON v.id = o.village_id
    WHERE p.n <= 24 ORDER BY p.n))),
  'totalCount', (SELECT count(*) FROM (SELECT 1 FROM listing
    WHERE state = 'LIVE' AND kind = 'PRODUCT' AND {category} = ?1
      AND ((season_start_1 <= ?2 AND ?2 <= season_end_1) OR (season_start_2 <= ?2 AND ?2 <= season_end_2))
    LIMIT 2000)),
  'pageInfo', json_object('hasNextPage', json((SELECT iif(count(*) > 24, 'true', 'false') FROM page)),
    'endCursor', (SELECT 'p~' || popularity || '~' || id FROM page WHERE n <= 24 ORDER BY n DESC LIMIT 1))
)))
""",
    "Q2": """
SELECT json_object('data', json_object('tourPackage', json_object(
  'id', t.id, 'title', t.title, 'titleEn', coalesce(t.title_en, t.title),
  'description', t.description, 'descriptionEn', coalesce(t.description_en, t.description),
  'price', json_object('amount', (t.price_fen / 100) || '.' || substr(100 + t.price_fen % 100, 2)),
  'images', json((SELECT json_group_array(json_object('url', '/media/' || key))
                  FROM (SELECT key FROM image WHERE listing_id = t.id ORDER BY position))),
  'producer', json_object('id', o.id, 'name', o.name, 'nameEn', coalesce(o.name_en, o.name)),
  'village', json_object('id', v.id, 'name', v.name, 'nameEn', coalesce(v.name_en, v.name),
    'county', json_object('name', c.name)),
  'rating', json_object('average', t.rating_hundredths / 100.0, 'count', t.rating_count),
  'sessions', json_object('nodes', json((
    SELECT json_group_array(json_object('id', s.id, 'startsAt', strftime('%Y-%m-%dT%H:%M:%SZ', s.starts_at),
      'capacity', s.capacity, 'vacancies', s.capacity - s.taken))
    FROM (SELECT id, starts_at, capacity, taken FROM tour_session
          WHERE package_id = t.id AND local_date >= ?2 ORDER BY starts_at, id LIMIT 30) s)))
)))
FROM listing t
JOIN organisation o ON o.id = t.producer_id
JOIN village v ON v.id = t.village_id
JOIN region c ON c.code = substr(v.region_code, 1, 6) || '000000'
WHERE t.id = ?1 AND t.state = 'LIVE'
""",
    "Q3": """
WITH found AS MATERIALIZED (
  SELECT * FROM (SELECT l.id, l.kind, l.title, l.price_fen, l.village_id, l.search_rank, 0 AS tier
   FROM listing_search s JOIN listing l ON l.search_rank = s.rowid
   WHERE s.listing_search MATCH ?1 AND l.state = 'LIVE' ORDER BY s.rowid DESC LIMIT 25)
  UNION ALL
  SELECT * FROM (SELECT l.id, l.kind, l.title, l.price_fen, l.village_id, l.search_rank, 1
   FROM listing_search s JOIN listing l ON l.search_rank = s.rowid
   WHERE s.listing_search MATCH ?2 AND l.state = 'LIVE' ORDER BY s.rowid DESC LIMIT 25)
  UNION ALL
  SELECT * FROM (SELECT l.id, l.kind, l.title, l.price_fen, l.village_id, l.search_rank, 2
   FROM listing_search s JOIN listing l ON l.search_rank = s.rowid
   WHERE s.listing_search MATCH ?3 AND l.state = 'LIVE' ORDER BY s.rowid DESC LIMIT 25)
  LIMIT 25
), page AS MATERIALIZED (SELECT *, row_number() OVER () AS n FROM found)
SELECT json_object('data', json_object('search', json_object(
  'edges', json((SELECT json_group_array(json(j)) FROM (SELECT json_object('node', json_object(
    '__typename', CASE p.kind WHEN 'PRODUCT' THEN 'Product' ELSE 'TourPackage' END,
    'id', p.id, 'title', p.title,
    'price', json_object('amount', (p.price_fen / 100) || '.' || substr(100 + p.price_fen % 100, 2)),
    'village', json_object('name', v.name))) AS j
    FROM page p JOIN village v ON v.id = p.village_id WHERE p.n <= 24 ORDER BY p.n))),
  'pageInfo', json_object('hasNextPage', json((SELECT iif(count(*) > 24, 'true', 'false') FROM page)),
    'endCursor', (SELECT 'r~' || tier || '~' || search_rank FROM page WHERE n <= 24 ORDER BY n DESC LIMIT 1))
)))
""",
}
