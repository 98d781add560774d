"""Scripts and stylesheets of the rich views, as they are sent to the page."""
