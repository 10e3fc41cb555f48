{# Here ref('reservations') is the model over the entries that are new, and this is the rows there are of its reservations. What is new is newer
   than they are; entries that changed nothing leave them as they are. #}
with fresh as (
    select * from {{ ref('reservations') }}
),

before as (
    select reservation_id, min(confirmed_at) as confirmed_at, min(ended_at) as ended_at
    from {{ this }}
    group by reservation_id
)

select
    f.reservation_id,
    f.line,
    f.sku,
    f.location,
    f.quantity,
    f.fulfilled,
    f.state,
    f.reference,
    f.channel,
    f.created_at,
    f.expires_at,
    least(f.confirmed_at, b.confirmed_at) as confirmed_at,
    least(f.ended_at, b.ended_at) as ended_at,
    f.last_sequence,
    f.last_at
from fresh as f
left join before as b on f.reservation_id = b.reservation_id

union all

select
    s.reservation_id,
    s.line,
    s.sku,
    s.location,
    s.quantity,
    s.fulfilled,
    s.state,
    s.reference,
    s.channel,
    s.created_at,
    s.expires_at,
    s.confirmed_at,
    s.ended_at,
    s.last_sequence,
    s.last_at
from {{ this }} as s
where not exists (select 1 from fresh as f where f.reservation_id = s.reservation_id)
