{# What still claims stock, as the journal says: a held one whose time is past counts until the entry that ends it. It is a table of its own so
   that the cost of knowing claims follows what is open, and not all that ever was. #}
select
    reservation_id,
    line,
    sku,
    location,
    state,
    cast(quantity - fulfilled as decimal(18, 5)) as quantity
from {{ ref('reservations') }}
where state in ('held', 'confirmed') and quantity > fulfilled
