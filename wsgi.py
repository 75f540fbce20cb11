from portal import create_app, logs

app = create_app()
logs.configure(app.config["PORTAL"])
