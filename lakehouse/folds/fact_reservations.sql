{# Every row is the row of silver.reservations that has its key. #}
select
    reservation_id,
    line,
    sku,
    location,
    quantity,
    fulfilled,
    state,
    reference,
    channel,
    created_at,
    expires_at,
    confirmed_at,
    ended_at,
    last_sequence,
    last_at
from {{ changes('reservations') }}
where _sign > 0
