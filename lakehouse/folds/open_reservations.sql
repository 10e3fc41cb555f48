{# Every row comes from the row of silver.reservations that has its key. #}
select
    reservation_id,
    line,
    sku,
    location,
    state,
    cast(quantity - fulfilled as decimal(18, 5)) as quantity
from {{ changes('reservations') }}
where _sign > 0 and state in ('held', 'confirmed') and quantity > fulfilled
