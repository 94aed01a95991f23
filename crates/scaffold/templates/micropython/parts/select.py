//// component
{{identifier}} = Select({{"name"}}, ("low", "medium", "high"))
//// handler


@{{identifier}}.changed
def use_{{identifier}}(select):
    print("{{name}}:", select.value)
