//// component
{{identifier}} = Text({{"name"}})
//// handler


@{{identifier}}.changed
def use_{{identifier}}(text):
    print("{{name}}:", text.value)
